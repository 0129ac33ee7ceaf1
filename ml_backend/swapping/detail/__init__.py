"""Detail: the made face as large, as sharp, as grainy and as blurred by motion as the plate's own face."""
