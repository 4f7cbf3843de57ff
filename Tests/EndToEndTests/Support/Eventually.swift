import Testing

/// What did not come true in time.
struct NeverHappened: Error, CustomStringConvertible {
    var description: String
}

/// Looks again and again until `condition` holds. What it throws counts as not yet: servers that are being restarted
/// answer nothing for a while.
/// - Throws: `NeverHappened` after `limit`.
func eventually(
    _ what: String, within limit: Duration = .seconds(90), every pause: Duration = .milliseconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    var trouble: (any Error)?
    while ContinuousClock.now < deadline {
        do {
            if try await condition() { return }
            trouble = nil
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            trouble = error
        }
        try await Task.sleep(for: pause)
    }
    throw NeverHappened(description: "not within \(limit): \(what)\(trouble.map { " (\($0))" } ?? "")")
}
