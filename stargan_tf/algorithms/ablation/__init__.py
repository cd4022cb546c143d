"""The ablation between StarGAN and StarGAN v2: Choi et al. 2020, table 1.

Each row adds to the one before. No code of B to E was published: this is our reading.

A  stargan                  WGAN-GP, a classifier, a reconstruction loss
B  ablation.multi_task      a score for each domain in place of the classifier
C  ablation.domain_styles   R1, the logistic loss, G and D of v2; a style for each domain
D  ablation.latent_codes    a latent code and the domain in place of the style
E  stargan_v2, lambda_ds 0  style codes by mapping network and style encoder in their place
F  stargan_v2               the diversity sensitive loss

flagfiles/ablation_a.flags to ablation_f.flags train them, and python -m stargan_tf.ablation
compares them.
"""
