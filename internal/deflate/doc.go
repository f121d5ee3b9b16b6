package deflate
