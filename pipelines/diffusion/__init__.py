"""Painting with diffusers, shared by the tasks that paint. Knows none of them.

contract  orders and steps               opening   a checkpoint from its folder
painting  one order, step by step        placing   on which device its parts lie
decoding  latents as pictures            watching  a cancel inside a step
schedulers, loras, safety                painter   our own small one
"""
