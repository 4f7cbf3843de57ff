import Testing

@Suite struct HubStorePlaceholder {}
