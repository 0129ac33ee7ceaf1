"""A discriminator of codes: it tells whose face a code was made from, and the encoder learns to keep that to itself.

What it cannot tell, the decoders must add themselves, which is what makes a swapped face look like its identity.

Source: DeepFaceLab's "true face" (a discriminator that tells the codes of two sides apart), here for any number of
identities; the idea is that of Ganin et al., "Domain-Adversarial Training of Neural Networks", 2016.
"""

import math

from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

WIDTH = 256


class CodeDiscriminator(nn.Sequential):
    """N×code codes to N×identities logits."""

    def __init__(self, code: int, identities: int) -> None:
        super().__init__(
            nn.Linear(code, WIDTH),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(WIDTH, WIDTH),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Linear(WIDTH, identities),
        )


def code_discriminator_loss(logits: Tensor, identities: Tensor) -> Tensor:
    """What it pays for its answers N×identities where `identities` (N, int64 places) are right: the cross entropy."""
    return cross_entropy(logits.float(), identities)


def code_adversarial_loss(logits: Tensor) -> Tensor:
    """What the encoder pays for answers N×identities that tell something: how far they are from all being as likely.

    The divergence of Kullback and Leibler, KL(uniform ‖ answer), at least 0. In this direction its gradient does not
    fade where the answer is certain, and so the encoder can get away from there.
    """
    answers = log_softmax(logits.float(), 1)
    return -(answers.mean(1) + math.log(logits.shape[1])).mean()
