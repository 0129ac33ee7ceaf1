"""What the extension does without Blender: frames, plates, results, and talking to the backend."""
