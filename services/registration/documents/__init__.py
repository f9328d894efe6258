"""Papers, codes and calendar files of registration: from frozen facts to bytes, no table known."""
