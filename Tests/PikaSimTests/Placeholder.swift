import Testing

@Suite struct PikaSimPlaceholder {}
