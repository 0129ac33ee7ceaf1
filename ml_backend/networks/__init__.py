"""Networks in plain torch.nn: pictures are N×3×R×R RGB float32 in 0–1."""
