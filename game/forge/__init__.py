"""Making organisms, offline: corpus, tokenizer, training, GGUF export (an extra; needs torch)."""
