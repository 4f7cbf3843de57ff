// HubDaemon
