"""The perceptual distances by name, and what each needs: all that is known without TensorFlow.

A perceptual distance is a file NAME.py beside this one and its row in PERCEPTUAL.
"""

from stargan_tf.evaluation.features.names import NetworkRow, WeightsFile

# The first whose weights files are given is used; the last needs none.
PERCEPTUAL: dict[str, NetworkRow] = {
    "lpips": NetworkRow(
        "LPIPS",
        "diversity is LPIPS, as published",
        (
            WeightsFile(
                "alexnet_weights",
                "torchvision's AlexNet for LPIPS",
                "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
            ),
            WeightsFile(
                "lpips_weights",
                "LPIPS's linear heads for AlexNet",
                "https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1/"
                "alex.pth",
            ),
        ),
        {"diversity": "LPIPS"},
    ),
    "efficientnet_lite0": NetworkRow(
        "EfficientNetLite0Distance", "comes with this package's requirements"
    ),
}
