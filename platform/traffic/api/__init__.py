"""The doors of traffic: views come in, favourites and carts, figures go out."""
