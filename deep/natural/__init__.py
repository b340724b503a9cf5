"""The codec of whole photographs: fully convolutional, any size, one model for all rates and for all degrees of realism."""
