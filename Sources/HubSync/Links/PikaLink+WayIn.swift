internal import HubStore

/// From a known server to a running epoch: steps 2 to 5 of the way in, and the watch over it.
extension PikaLink {
    /// A round of INFO is complete.
    mutating func reported(now: Double) -> [Action] {
        switch phase {
        case .greeting:
            if let id = report.serverID, id != server.rawValue {
                return fail(
                    "it says its server-id is \(id), but it is configured as \(server)", now: now, retryAfter: 10)
            }
            phase = .inspecting(since: now)
            return judgeStage(now: now)
        case .inspecting, .takingOver:
            return judgeStage(now: now)
        case .asking:
            return confirm(now: now)
        case .running:
            return watch(now: now)
        default:
            return []
        }
    }

    /// Asks once more how the server stands to its hub.
    mutating func inspect(now: Double) -> [Action] {
        nextPoll = now + 0.1
        return inquire(now: now)
    }

    /// The binlog's end is asked for before the rest (`BinlogSenderStatus`).
    mutating func inquire(now: Double) -> [Action] {
        var sections = ["log", "hub"]
        if asksRole { sections.insert("replication", at: 0) }
        return sections.map { request($0 == "hub" ? .report : .info, ["INFO", $0], now: now) }
    }

    private mutating func judgeStage(now: Double) -> [Action] {
        guard let stage = report.stage else { return ask(now: now) }
        if case .takingOver(let since, closes: false) = phase, stage == .stopped, now - since < Self.closingSeconds {
            nextPoll = now + 0.1
            return []
        }
        guard stage != .stopped else { return ask(now: now) }
        let holder = report.connectedHub ?? "unknown"
        nextPoll = now + 0.1
        switch phase {
        case .inspecting(let since):
            trouble = "held by the hub at \(holder), stage \(stage.rawValue)"
            guard now - since >= Self.patienceSeconds else { return [] }
            takeovers += 1
            phase = .takingOver(since: now, closes: stage == .started)
            return [
                .log(
                    LinkEvent(
                        .warning, "take-over", server: server,
                        "server \(server) at \(address) stays \(trouble ?? ""); taking it over"))
            ] + takeOver(now: now)
        case .takingOver(let since, _):
            guard now - since > 5 else { return [] }
            return fail("held by the hub at \(holder), which could not be ousted", now: now, retryAfter: 2)
        default:
            return []
        }
    }

    /// Ousts a hub whose connections a Pika still counts as alive. A file that was not asked for before, and an offset
    /// that is not zero, make it reset even in stage STARTED; since the file does not exist either, it is STOPED then.
    /// The second request takes it to DEGRADE, and the third one, in that stage, makes it close every connection up
    /// to a second later, which takes it to STOPED (`protocol/pika-2.3-hub.md`, "Taking a server over").
    ///
    /// In stage DEGRADE there may be no connection left whose end would stop it: a hub that was killed between asking
    /// and connecting leaves it so. There the first request alone stops it, and if there is a connection, closes it later.
    private mutating func takeOver(now: Double) -> [Action] {
        let newest = report.producerFile ?? 0
        let files = report.stage == .started ? [newest &+ 1, newest, newest] : [newest &+ 1]
        return files.map {
            request(.ask, trySync(file: $0, offset: 1, isStrict: true), now: now)
        }
    }

    private mutating func ask(now: Double) -> [Action] {
        if let wantedFile, let newest = report.producerFile, newest < wantedFile {
            // A slave that COPY takes in may be on its way there.
            guard asksRole else {
                asksRole = true
                return inquire(now: now)
            }
            if report.isSlave == false {
                let end = BinlogPosition(file: newest, offset: report.producerOffset ?? 0)
                let text = "its binlog ends at \(end), before file \(wantedFile), up to which it was read"
                return fail(text, now: now) + [.endsEarlier(end)]
            }
        }
        phase = .asking
        // Without a recorded position every record is wanted: the oldest file that is still there, whatever the
        // setting says.
        let isStrict = settings.isStrict && wantedFile != nil
        return [request(.ask, trySync(file: wantedFile ?? 0, offset: 0, isStrict: isStrict), now: now)]
    }

    private func trySync(file: UInt32, offset: Int, isStrict: Bool) -> [String] {
        [
            "internaltrysync", settings.hubHost, String(settings.hubPort), String(file), String(offset),
            isStrict ? "0" : "1",
        ]
    }

    mutating func asked(_ reply: Reply, now: Double) -> [Action] {
        if case .takingOver = phase { return [] }
        guard case .status = reply else {
            let text = reply.text ?? "nothing that can be understood"
            if text.contains("InvalidOffset") {
                if let newest = report.producerFile, let wantedFile, newest < wantedFile {
                    // A slave that COPY takes in, on its way there.
                    return fail(
                        "it has not reached binlog file \(wantedFile) yet, the newest is \(newest) (\(text))", now: now)
                }
                return fail(
                    "it no longer has binlog file \(wantedFile ?? 0) (\(text)); writes of it would be missed. Set "
                        + "binlog-offset-absolute-consistency to no to go on from the nearest file that it has",
                    now: now, retryAfter: Self.refusedSeconds)
            }
            return fail("it refused the sync: \(text)", now: now)
        }
        guard report.stage != nil else {
            askedFile = wantedFile ?? 0
            return open(now: now)
        }
        return inspect(now: now)
    }

    /// The two connections may only be made when the server waits for this hub with the right window.
    private mutating func confirm(now: Double) -> [Action] {
        guard let window = report.window, let left = UInt32(exactly: window.left) else {
            return fail("it accepted the sync but shows no sending window", now: now)
        }
        let waits = report.stage == .degraded || (report.stage == .stopped && window.right >= window.left)
        guard waits, report.connectedHub == ownName else {
            return fail(
                "it accepted the sync but is in stage \(report.stage?.rawValue ?? "unknown") with the hub at "
                    + "\(report.connectedHub ?? "unknown") instead of \(ownName)", now: now)
        }
        if let wantedFile, settings.isStrict, left != wantedFile {
            return fail("asked for binlog file \(wantedFile), it would send from file \(left)", now: now)
        }
        askedFile = left
        return open(now: now)
    }

    private mutating func open(now: Double) -> [Action] {
        openingSince = now
        phase = .opening
        return [.connect(.sender), .connect(.heartbeat)]
    }

    mutating func run(now: Double) -> [Action] {
        phase = .running
        trouble = nil
        failures = 0
        nextPoll = now + Self.pollSeconds
        nextHeartbeat = now
        var actions: [Action] = [
            .started(file: askedFile, startsOver: wantedFile.map { askedFile < $0 } ?? false),
            .log(
                LinkEvent(
                    .info, "link-running", server: server,
                    "server \(server) at \(address): in sync from binlog file \(askedFile)")),
        ]
        if let wantedFile, askedFile != wantedFile {
            actions.append(
                .log(
                    LinkEvent(
                        .error, "binlog-gap", server: server,
                        "server \(server) at \(address) no longer has binlog file \(wantedFile) and sends from file "
                            + "\(askedFile): writes in between are lost to the others")))
        }
        if let status = report.senderStatus { actions.append(.status(status)) }
        return actions
    }

    mutating func beat(now: Double) -> [Action] {
        if let heartbeatSince, now - heartbeatSince > Self.answerTimeoutSeconds {
            return fail("no answer to the heartbeat for \(Int(Self.answerTimeoutSeconds)) s", now: now)
        }
        guard now >= nextHeartbeat else { return [] }
        nextHeartbeat = now + Self.heartbeatSeconds
        if heartbeatSince == nil { heartbeatSince = now }
        return [.send(.heartbeat, PikaLink.ping)]
    }

    mutating func poll(now: Double) -> [Action] {
        guard isRunning, now >= nextPoll, !requests.contains(.report) else { return [] }
        nextPoll = now + Self.pollSeconds
        return inquire(now: now)
    }

    /// Asks the server about its senders with the next tick.
    mutating func pollSoon() { nextPoll = 0 }

    /// Stage STARTED alone says only that two connections are up; a server that follows another hub meanwhile, or
    /// lost a connection that this side still counts, has to be asked anew.
    private mutating func watch(now: Double) -> [Action] {
        if report.stage != nil, report.stage != .started || report.connectedHub != ownName {
            doubtfulPolls += 1
            if doubtfulPolls >= 2 {
                return fail(
                    "it is in stage \(report.stage?.rawValue ?? "unknown") with the hub at "
                        + "\(report.connectedHub ?? "unknown")", now: now)
            }
            return []
        }
        doubtfulPolls = 0
        return report.senderStatus.map { [.status($0)] } ?? []
    }

    static let ping = Array("*1\r\n$4\r\nPING\r\n".utf8)
}
