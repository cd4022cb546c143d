"""From trained networks to pictures: styles, translations, grids and videos."""
