"""The face models as ONNX files and the base models as safetensors; their sources and licences are in NOTICE.md."""
