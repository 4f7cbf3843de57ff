// PikaSim
