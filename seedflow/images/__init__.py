"""Images as files: formats and sizes read safely, placeholder pictures, thumbnails."""
