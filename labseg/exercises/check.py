"""What students call: labseg.check.<exercise>(answer) prints the verdict and returns it."""

from labseg.errors import InvalidType
from labseg.exercises import answers
from labseg.exercises import unet as _unet
from labseg.exercises.verdict import Verdict


def unet(build_unet, seed=0) -> Verdict:
    """Check build_unet(input_shape, n_ch, floors, convs=2): right, not yet, or not attempted.

    Whatever the function does or raises ends in a verdict. Raises TypeError only if what it
    is given isn't a function.
    """
    if not callable(build_unet) or hasattr(build_unet, "layers"):
        raise InvalidType("Give the function itself: labseg.check.unet(build_unet).")
    cases = _unet.inputs(seed)
    verdict = _unet.verdict(cases, answers.unet(build_unet, cases))
    print(verdict.message)
    return verdict
