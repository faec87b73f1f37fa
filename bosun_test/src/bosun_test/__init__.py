"""The test plugin of Bosun: a prediction environment of small files that takes its time and fails on demand."""
