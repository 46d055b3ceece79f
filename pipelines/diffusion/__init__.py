"""Painting with diffusers, shared by the tasks that paint. Knows none of them.

contract     orders and steps               opening   a checkpoint from its folder
checkpoints  which files of a repository    placing   on which device its parts lie
painting     one order, step by step        watching  a cancel inside a step
decoding     latents as pictures            painter   our own small one
schedulers, loras, safety                   served    other servers that paint
"""
