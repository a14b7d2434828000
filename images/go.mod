// What is built lies below: so that the go command looks for no packages there, which tests unpack and remove.
module github.com/upscard/upscard/images
