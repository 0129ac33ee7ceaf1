"""Where the made face may lie: on the performer's face, where the network saw one, and not on what covers it."""
