import NIOCore

extension ServerCore: SenderWorld {
    var binlogEnd: BinlogEnd { binlog.end }

    func nextFile(for sender: Int) -> UInt32? { stage.nextFile(for: sender, newest: binlog.end.file) }

    func exists(file: UInt32) -> Bool { binlog.exists(file) }

    func read(_ reader: inout BinlogReader, sender: Int) -> BinlogReader.Step { senders[sender].read(&reader) }

    /// INTERNALTRYSYNC <hub ip> <S> <file> <offset> <0 | 1>.
    func tryToSync(_ arguments: [Bytes]) -> Reply {
        guard arguments.count == 6 else { return .wrongNumber(Bytes("trysync")) }
        guard let port = arguments[2].integer, port > 0, let file = arguments[3].integer, file >= 0,
            let offset = arguments[4].integer, offset >= 0
        else { return .notAnInteger }
        let answer = stage.tryToSync(
            address: arguments[1].text, port: Int(clamping: port), file: UInt32(truncatingIfNeeded: file),
            offset: UInt64(offset), isLenient: arguments[5] == Bytes("1"), newest: binlog.end.file,
            exists: binlog.exists)
        switch answer {
        case .ignored: return .ok
        case .accepted(let closeConnections):
            closesHubConnections = closesHubConnections || closeConnections
            startSenders()
            return .ok
        case .invalidOffset(let closeConnections):
            closesHubConnections = closesHubConnections || closeConnections
            return .error("ERR InvalidOffset")
        }
    }

    private func startSenders() {
        if senders.isEmpty {
            senders = (0..<HubStage.senderCount).map { HubSender(index: $0, core: self) }
            for sender in senders { sender.start() }
        } else {
            for sender in senders { sender.thread.reset(reconnecting: false) }
        }
    }

    /// False when the connection to P+1100 is refused.
    func hubConnected(_ channel: any Channel) -> Bool {
        let peer = channel.remoteAddress?.ipAddress ?? ""
        guard stage.accept(from: peer == "127.0.0.1" ? options.hostIP : peer) else {
            log("hub connection from \(peer) refused")
            return false
        }
        hubChannels[ObjectIdentifier(channel)] = channel
        return true
    }

    func hubDisconnected(_ channel: any Channel) {
        guard hubChannels.removeValue(forKey: ObjectIdentifier(channel)) != nil else { return }
        if stage.connectionClosed() {
            for sender in senders { sender.thread.reset(reconnecting: true) }
        }
    }

    /// Once a wait interval: closes the connections that an INTERNALTRYSYNC in the degraded stage condemned, with any
    /// that came since.
    func closeCondemnedConnections() {
        guard closesHubConnections else { return }
        closesHubConnections = false
        for channel in hubChannels.values { channel.close(promise: nil) }
    }

    func purge(upTo file: UInt32? = nil) throws(DiskError) {
        guard slaves.isEmpty else { return }
        try binlog.purge(upTo: file, keeping: max(10, options.expireLogsNums))
    }
}
