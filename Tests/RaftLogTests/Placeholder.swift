import Testing

@Suite struct RaftLogPlaceholder {}
