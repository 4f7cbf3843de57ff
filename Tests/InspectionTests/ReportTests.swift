import ArgumentParser
import Foundation
import HubStore
import Testing

@testable import Inspection

@Suite struct ReportTests {
    private func withHub(_ body: (SimulatedHub) throws -> Void) throws {
        try withTemporaryDirectory { base in
            let hub = try SimulatedHub(path: base + "/floyd", seed: 5)
            try hub.writeForDamage()
            try body(hub)
        }
    }

    /// Every report, as text and as JSON.
    private func reports(_ path: String, shown: (String) -> String) throws -> [String: (text: String, json: String)] {
        let contents = try FloydContents(path: path)
        let log = try #require(try contents.log.get())
        let relay = try #require(try contents.relay.get())
        let saved = try contents.savedState()
        let all: [String: any Report] = [
            "summary": SummaryReport(contents),
            "log": try LogReport(log, from: 2, to: 9, shown: shown),
            "state": StateReport(saved, pending: relay.suspects, shown: shown),
            "offsets": OffsetsReport(saved.state),
            "relay": try RelayReport(relay, withCommands: true),
            "verify": VerifyReport.make(path: path),
        ]
        return try all.mapValues { ($0.text, try $0.json) }
    }

    @Test func reportsSayWhatIsThere() throws {
        try withHub { hub in
            let reports = try reports(hub.directory.path) { _ in "***" }
            for (name, text) in [
                ("summary", "log         1–"), ("summary", "member      a1  127.0.0.1:9211  voter"),
                ("summary", "primary     hub a1 in term 1, admin port 127.0.0.1:6868"),
                ("log", "add hub b2 127.0.0.1:9212, admin port 127.0.0.1:8212"), ("log", "copy 1 4 127.0.0.1:9240"),
                ("state", "3  pika  127.0.0.1:9230  password ***  generation 4"), ("state", "\"key\"  from 1  at 2"),
                ("offsets", "source  → 1"), ("relay", "4 chunks, 2."), ("relay", "    \"SET\" \"key\" \"vvv"),
                ("relay", "source 1  for the others  1 record"), ("verify", "no fault in"),
            ] {
                #expect(reports[name]?.text.contains(text) == true, "\(name): \(reports[name]?.text ?? "")")
            }
            for (name, report) in reports {
                #expect(throws: Never.self, "\(name)") {
                    try JSONSerialization.jsonObject(with: Data(report.json.utf8))
                }
            }
        }
    }

    @Test func passwordsAreMaskedUnlessAskedFor() throws {
        try withHub { hub in
            for name in ["log", "state"] {
                let masked = try #require(
                    try reports(hub.directory.path, shown: try SecretOptions.parse([]).shown)[name])
                #expect(masked.text.contains("***") && masked.json.contains("***"))
                #expect(!masked.text.contains(SimulatedHub.password) && !masked.json.contains(SimulatedHub.password))
                let shown = try SecretOptions.parse(["--show-secrets"]).shown
                let open = try #require(try reports(hub.directory.path, shown: shown)[name])
                #expect(open.text.contains(SimulatedHub.password) && open.json.contains(SimulatedHub.password))
            }
        }
    }

    @Test func nothingIsWrittenIntoTheDirectory() throws {
        try withHub { hub in
            let target = hub.directory.path + "-copy"
            try hub.crash(to: target, losingPower: false)
            let before = try times(target)
            _ = try reports(target) { $0 }
            #expect(try times(target) == before)
        }
    }

    private func times(_ path: String) throws -> [String: Date?] {
        var result: [String: Date?] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) + ["."] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            result[name] = attributes[.modificationDate] as? Date
        }
        return result
    }

    /// Whatever is damaged, a report says so in words or shows what it can.
    @Test(arguments: Damage.files + Damage.contents)
    func damageNeverEndsAReportOtherwise(damage: Damage) throws {
        try withTemporaryDirectory { base in
            let path = base + "/floyd"
            do { try SimulatedHub(path: path, seed: 1).writeForDamage() }
            try damage.make(try FloydPath(existing: path))
            for command in ["summary", "log", "state", "offsets", "relay"] {
                do {
                    var parsed = try InspectCommand.parseAsRoot([command, path, "--json"])
                    try parsed.run()
                } catch let error as InspectionError {
                    #expect(!error.description.isEmpty)
                } catch let error as StoreError {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }
}
