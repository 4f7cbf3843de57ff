// HubSync
