"""The episode loop, the cards, the keyhole, researcher policies and forks."""
