import Glibc

extension ServerCore {
    /// The text of INFO for one section, or for `all`. The hub's section is left out of `all` while there is no hub.
    func info(_ section: String) -> String {
        let all = ["server", "data", "log", "clients", "hub", "stats", "replication", "keyspace"]
        guard section == "all" else { return infoSection(section) }
        return all.filter { $0 != "hub" || stage.stage != .stopped }.map(infoSection).joined(separator: "\r\n")
    }

    private func infoSection(_ section: String) -> String {
        switch section {
        case "server":
            let uptime = Self.unixSeconds() - startedAt
            return lines(
                "# Server", "pika_version:2.3.8", "pika_sim:1", "tcp_port:\(port)", "thread_num:1",
                "sync_thread_num:\(options.syncThreads)", "process_id:\(getpid())",
                "uptime_in_seconds:\(uptime)", "uptime_in_days:\(uptime / 86400 + 1)", "config_file:",
                "server_id:\(options.serverID)")
        case "data": return lines("# Data", "used_memory:0")
        case "log":
            let size = binlog.size
            let purgeable = binlog.end.file >= 10 ? "write2file\(binlog.end.file - 10)" : "none"
            return lines(
                "# Log", "log_size:\(size)", "log_size_human:\(size >> 20)M", "safety_purge:\(purgeable)",
                "expire_logs_days:7", "expire_logs_nums:\(max(10, options.expireLogsNums))",
                "binlog_offset:\(binlog.end.file) \(binlog.end.offset)")
        case "clients": return lines("# Clients", "connected_clients:\(statistics.clients)")
        case "hub": return infoHub()
        case "stats":
            let hubs = statistics.takenFrom.sorted { $0.key < $1.key }.map { "sim_delivered_by_\($0.key):\($0.value)" }
            return lines(
                [
                    "# Stats", "total_connections_received:\(statistics.connections)",
                    "total_commands_processed:\(statistics.commands)", "sim_delivered_commands:\(statistics.delivered)",
                    "sim_malformed_commands:\(statistics.malformed)",
                    "sim_ended_senders:\(senders.count { $0.thread.hasEnded })",
                ] + hubs)
        case "replication": return infoReplication()
        case "keyspace":
            let now = Self.unixSeconds()
            return lines(
                "# Keyspace", "# Time:0", "kv keys:\(keyspace.strings.liveKeys(now: now).count)", "hash keys:0",
                "list keys:\(keyspace.lists.liveKeys(now: now).count)",
                "zset keys:\(keyspace.sortedSets.liveKeys(now: now).count)", "set keys:0")
        default: return ""
        }
    }

    private func infoHub() -> String {
        let threads = stage.files.sorted { $0.key < $1.key }.map { index, file in
            "    --- Thread \(index + 1): \(file) \(senders[index].thread.status.rawValue)"
        }
        let head = [
            "# Hub", "Connected hub: \(stage.hubAddress):\(stage.hubPort)",
            "Sending window: \(stage.window.left) - \(stage.window.right)", "Hub senders' map: ",
        ]
        return lines(head + threads + ["Hub stage: \(stage.stage.rawValue)", ""])
    }

    private func infoReplication() -> String {
        if let replica {
            return lines(
                "# Replication(SLAVE)", "role:slave", "master_host:\(replica.host)", "master_port:\(replica.port)",
                "master_link_status:\(replica.isConnected ? "up" : "down")", "slave_priority:100",
                "slave_read_only:1", "repl_state: \(replica.isConnected ? 3 : 1)")
        }
        return lines(
            ["# Replication(MASTER)", "role:master", "connected_slaves:\(slaves.count)"]
                + slaves.values.enumerated().map { "slave\($0.offset):\($0.element.description)" })
    }

    private func lines(_ lines: String...) -> String { self.lines(lines) }

    private func lines(_ lines: [String]) -> String { lines.map { $0 + "\r\n" }.joined() }
}
