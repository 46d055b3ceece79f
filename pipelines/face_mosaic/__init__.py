"""Find faces and make them unrecognisable, in pictures, many files at once, and video.

Privacy is the point: the defaults err on hiding too much, and nothing here ever says that there are no faces,
only that none were found.
"""

from pipelines import engines
from pipelines.face_mosaic import centerface, haar, yunet
from pipelines.face_mosaic.batch import Batch, hide_faces_in_files
from pipelines.face_mosaic.contract import STYLES, Box, Face, FaceDetector, HiddenFaces, MosaicOptions, Style
from pipelines.face_mosaic.pictures import hide_faces
from pipelines.face_mosaic.video import HiddenVideo, hide_faces_in_video

ENGINES = engines.register("face_mosaic", (centerface, haar, yunet))

__all__ = [
    "ENGINES",
    "STYLES",
    "Batch",
    "Box",
    "Face",
    "FaceDetector",
    "HiddenFaces",
    "HiddenVideo",
    "MosaicOptions",
    "Style",
    "hide_faces",
    "hide_faces_in_files",
    "hide_faces_in_video",
]
