import Testing

@Suite struct HubSyncPlaceholder {}
