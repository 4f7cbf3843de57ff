internal import Glibc
internal import HubSync
internal import Logging
internal import NIOCore

/// Lets records gather on busy binlog connections (`Gathering`).
extension SyncShell {
    /// With every tick.
    func gather(now: Double) {
        let elapsed = now - lastTick
        lastTick = now
        for connection in gatherings.keys where gatherings[connection]?.tick(elapsed: elapsed) == true {
            setMark(connection)
        }
        if !isWatchingGathered, gatherings.values.contains(where: { $0.mark > 1 }) { watchGathered() }
    }

    /// Nothing may wait for bytes that don't come.
    private func watchGathered() {
        isWatchingGathered = true
        let shell = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(Gathering.checkMilliseconds)) {
            let shell = shell.value
            let gathering = shell.gatherings.filter { $0.value.mark > 1 }.keys
            for connection in gathering where shell.gatherings[connection]?.isStill() == true {
                shell.setMark(connection)
            }
            if gathering.isEmpty { shell.isWatchingGathered = false } else { shell.watchGathered() }
        }
    }

    private func setMark(_ connection: LinkConnectionID) {
        guard let channel = channels[connection], let mark = gatherings[connection]?.mark else { return }
        do {
            let option = ChannelOptions.Types.SocketOption(
                level: .socket, name: NIOBSDSocket.Option(rawValue: SO_RCVLOWAT))
            try channel.syncOptions?.setOption(option, value: SocketOptionValue(mark))
        } catch {
            log.debug("a connection closed while its low-water mark was set: \(error)")
        }
    }
}
