"""One person's game, whatever the screen: session, saves, seats, words, plain mode."""
