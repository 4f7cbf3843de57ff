internal import HubStore

/// The hot path: bytes from a source become chunks of commands.
extension SyncEngine {
    /// What became of received bytes.
    public struct Consumption: Equatable, Sendable {
        /// Bytes from the front that are done with.
        public var bytes: Int
        /// Whether more is to be read before `resume`. When false, the rest stays with the shell.
        public var readsOn: Bool
    }

    /// Bytes arrived on a connection, after those that were left over from the last call.
    public mutating func received(
        _ connection: LinkConnectionID, _ bytes: UnsafeRawBufferPointer, now: Double
    ) -> Consumption {
        switch connections[connection] {
        case .link(let id, let role):
            if let index = index(of: id) {
                answered(bytes, role: role, at: index, now: now)
                pump(index, now: now)
                resumePaced()
            }
            return Consumption(bytes: bytes.count, readsOn: true)
        case .data(let id):
            guard let index = index(of: id) else { return Consumption(bytes: bytes.count, readsOn: false) }
            return binlog(connection, bytes, at: index, now: now)
        case .stranger(let since, let host):
            return introduced(connection, bytes, since: since, host: host, now: now)
        case nil:
            return Consumption(bytes: bytes.count, readsOn: false)
        }
    }

    /// The first record of an incoming connection tells whose binlog it brings.
    private mutating func introduced(
        _ connection: LinkConnectionID, _ bytes: UnsafeRawBufferPointer, since: Double, host: String, now: Double
    ) -> Consumption {
        var record = BinlogRecord()
        do {
            guard try record.parse(bytes, from: 0) else { return Consumption(bytes: 0, readsOn: true) }
        } catch {
            return reject(connection, "sent what is no record: \(error)", nil)
        }
        guard let index = index(of: record.serverID) else {
            return reject(connection, "brings records of server \(record.serverID), which is not in the sync", nil)
        }
        guard servers[index].host == host else {
            return reject(connection, "from \(host) brings records of a server that is elsewhere", servers[index].id)
        }
        if servers[index].link.phase == .opening {
            held.insert(connection)
            return Consumption(bytes: 0, readsOn: false)
        }
        guard servers[index].link.isRunning, since >= servers[index].link.openingSince else {
            // A sender of an earlier epoch that goes on in the middle of a file.
            return reject(connection, "came before the sync was established", servers[index].id)
        }
        if isBlocked {
            // The sender's earlier connection may have ended by now, behind what is not read.
            servers[index].unexplained = [:]
            held.insert(connection)
            return Consumption(bytes: 0, readsOn: false)
        }
        switch servers[index].explain(connection, now: now) {
        case .oneMore: break
        case .unknown:
            servers[index].link.pollSoon()
            held.insert(connection)
            return Consumption(bytes: 0, readsOn: false)
        case .dialledAgain:
            let reason = "one of its senders has dialled again: what it had sent before may be lost"
            perform(servers[index].link.fail(reason, now: now), at: index, now: now)
            return reject(connection, "is a second one of the same sender", servers[index].id)
        }
        connections[connection] = .data(record.serverID)
        servers[index].dataConnections.insert(connection)
        servers[index].reader.opened(connection)
        return binlog(connection, bytes, at: index, now: now)
    }

    private mutating func reject(_ connection: LinkConnectionID, _ reason: String, _ server: ServerID?) -> Consumption {
        counters.rejectedConnections += 1
        actions.append(
            .log(LinkEvent(.warning, "connection-rejected", server: server, "an incoming binlog connection \(reason)")))
        close(connection)
        return Consumption(bytes: 0, readsOn: false)
    }

    private mutating func binlog(
        _ connection: LinkConnectionID, _ bytes: UnsafeRawBufferPointer, at index: Int, now: Double
    ) -> Consumption {
        servers[index].isPaced = runsAhead(index)
        guard isReading(index), var stream = servers[index].reader.stream(connection) else {
            servers[index].reader.pause()
            held.insert(connection)
            return Consumption(bytes: 0, readsOn: false)
        }
        var batch = ChunkBatch(source: servers[index].id)
        writer.reserve(bytes.count)
        var position = 0
        var readsOn = true
        var failure = parse(bytes)
        reach = versions.hasOverflow ? reachOfParsed(at: index) : .everything
        reading: for (record, hash) in parsed {
            guard record.serverID == batch.source else {
                failure = "brought a record of server \(record.serverID) among those of \(batch.source)"
                break
            }
            let rule = CommandRule.of(bytes[record.name])
            let (verdict, located) = servers[index].reader.judge(
                record, in: &stream, ordered: rule.map { $0.mustArriveInOrder(record, bytes) } ?? false)
            guard let located else {
                failure = "sent \(record.file):\(record.offset) after a later place (\(verdict))"
                break
            }
            switch verdict {
            case .hold(let undecided):
                stream.wait(file: record.file, offset: record.offset)
                held.insert(connection)
                servers[index].link.pollSoon()
                // The record after this one may tell that it need not wait, so it is wanted all the same.
                readsOn = undecided && !decide(&stream, bytes, after: position + record.length)
                break reading
            case .duplicate, .backwards:
                servers[index].statistics.duplicates += 1
                remember(record, hash, rule, bytes, at: index, now: now)
            case .everyone, .except:
                if record.isForHub {
                    relay(record, hash, rule, bytes, verdict: verdict, at: index, &batch, now: now)
                }
            }
            servers[index].reader.pass(located, length: record.length, in: &stream)
            servers[index].statistics.records += 1
            batch.execTime = max(batch.execTime, record.execTime)
            position += record.length
        }
        parsed.removeAll(keepingCapacity: true)
        servers[index].statistics.bytes += UInt64(position)
        if batch.execTime > 0 { watchClock(of: index, execTime: batch.execTime, now: now) }
        servers[index].lastReceived = now
        servers[index].statistics.execTime = max(servers[index].statistics.execTime, batch.execTime)
        let opened = servers[index].reader.firstOpenFile
        servers[index].reader.settle(stream, of: connection)
        finish(&batch, at: index, now: now)
        if let failure {
            counters.protocolErrors += 1
            perform(servers[index].link.fail("its binlog connection \(failure)", now: now), at: index, now: now)
            readsOn = false
        } else if servers[index].reader.firstOpenFile != opened || resumeSoon {
            resumeSoon = false
            resumeHeld()
        }
        pumpAll(now: now)
        return Consumption(bytes: position, readsOn: readsOn)
    }

    /// Parses all complete records and brings their keys' versions into the cache, before any of them is worked on.
    /// - Returns: what is wrong with the bytes after them.
    private mutating func parse(_ bytes: UnsafeRawBufferPointer) -> String? {
        var record = BinlogRecord()
        var position = 0
        do {
            while try record.parse(bytes, from: position) {
                let hash = hasher.hash(bytes, record.key)
                touched &+= versions.touch(hash)
                parsed.append((record, hash))
                position += record.length
            }
            return nil
        } catch {
            return "sent what is no record: \(error)"
        }
    }

    /// How far back versions matter to the whole values among the records of this read.
    private mutating func reachOfParsed(at index: Int) -> VersionTable.Reach {
        guard let first = parsed.first?.0 else { return .everything }
        var writes = VersionFacts.Writes(
            place: BinlogPosition(file: first.file, offset: first.offset), seconds: first.execTime,
            followed: ChunkSequence(0))
        for (record, _) in parsed {
            writes.place = min(writes.place, BinlogPosition(file: record.file, offset: record.offset))
            writes.seconds = min(writes.seconds, record.execTime)
        }
        // Whether the key of a record from before the server was watched is known at all makes a difference.
        if let unwatched = servers[index].unwatched, writes.place < unwatched { return .everything }
        writes.followed = servers[index].evidence.followed(file: writes.place.file, offset: writes.place.offset)
        return versions.reach(of: writes, by: servers[index].id)
    }

    /// Looks at the record after the one that waits: when it bears the same file's number, both stand in that file.
    /// - Returns: false when that record is not there yet.
    private mutating func decide(
        _ stream: inout BinlogStream, _ bytes: UnsafeRawBufferPointer, after position: Int
    ) -> Bool {
        var next = BinlogRecord()
        do {
            guard try next.parse(bytes, from: position) else { return false }
        } catch {
            // The next round meets the same bytes and reports them.
            return true
        }
        if next.file == stream.waiting?.file {
            stream.decide()
            resumeSoon = true
        }
        return true
    }

    /// Ends the chunk that is being written, if it holds anything.
    mutating func finish(_ batch: inout ChunkBatch, at index: Int, now: Double) {
        guard batch.recordCount > 0 else { return }
        let chunk = RelayChunk(
            sequence: window.next, source: batch.source, audience: batch.audience,
            progress: servers[index].reader.progress, recordCount: batch.recordCount, execTime: batch.execTime,
            commands: writer.take())
        batch.recordCount = 0
        append(chunk, now: now)
        if window.keptBytes >= settings.relayMaximumBytes && !isBlocked {
            isBlocked = true
            actions.append(
                .log(
                    LinkEvent(
                        .error, "relay-full",
                        "the relay log has reached relay-log-max-size (\(settings.relayMaximumBytes) bytes); sources are "
                            + "not read until destinations have caught up")))
        }
    }
}

/// The chunk that is being written while one read is worked through.
struct ChunkBatch {
    let source: ServerID
    var audience = RelayChunk.Audience.others
    var recordCount = 0
    var execTime: UInt32 = 0
}
