module gotar

go 1.25
