"""The conditional tabular GAN of Xu et al. (2019), "Modeling Tabular data using Conditional GAN"."""
