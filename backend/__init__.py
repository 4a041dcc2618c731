"""CodeFlow's backend: agents that write and run real Next.js code in a sandbox."""
