thread_local int per_thread = 1;
