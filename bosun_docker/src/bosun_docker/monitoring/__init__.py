"""The broker and the monitoring agent."""
