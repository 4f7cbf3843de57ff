internal import PikaSim

/// Replication between Pikas, as far as the hub notices it: a slave gets all of its master's binlog into its own, and
/// never sends a hub what came from there.
extension SimulatedPika {
    /// Its binlog cannot be begun where the master's ends (see `MemoryBinlog`).
    var canBeCopied: Bool { isUp && master == nil && binlog.end.offset < 65_536 }

    /// Makes a slave of this one: a full copy, and from then on every record.
    func follow(_ master: SimulatedPika) {
        self.master = master
        takeFullCopy(of: master)
        master.slaves.append(self)
        (replicaArrival, replicatedThrough) = (world.now, world.now)
    }

    /// SLAVEOF NO ONE. What is under way is lost.
    func stopFollowing() {
        master?.slaves.removeAll { $0 === self }
        master = nil
    }

    /// To the slaves, in order, each record by itself.
    func replicate(_ record: BinlogRecord, now: Int64) {
        let written = world.now
        for slave in slaves {
            slave.replicaArrival = max(slave.replicaArrival, written + world.plan.replicaLag + world.linkDelay())
            world.timeline.at(slave.replicaArrival) { [self] in
                guard slave.master === self, !isRetired else { return }
                slave.replicatedThrough = written
                slave.replicated(record, now: now)
            }
        }
    }

    private func replicated(_ record: BinlogRecord, now: Int64) {
        var record = record
        record.isForHub = false
        append([record], now: now)
        guard let command = Command.table[record.arguments[0].lowercased] else { return }
        let reply = command.run(&keyspace, record.arguments, unixSeconds)
        world.note(
            .applied(reply: reply.isError ? "\(reply)" : "as a slave"), record.arguments, server: id)
    }

    func touched(_ command: [[UInt8]], byClient: Bool) {
        guard world.plan.movesServers else { return }
        touches.append(Touch(time: world.now, command: command, isByClient: byClient))
    }

    /// Keys of commands that came here after a moment.
    func keysTouched(after time: Double, byClients: Bool = false) -> Set<[UInt8]> {
        let late = touches.filter { $0.time > time && ($0.isByClient || !byClients) }
        return Set(late.flatMap { $0.command.dropFirst() })
    }
}
