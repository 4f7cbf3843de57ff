import Testing

@Suite struct HubDaemonPlaceholder {}
