"""The face models as ONNX files; their sources and licences are in NOTICE.md."""
