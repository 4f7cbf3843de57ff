// RaftLog
