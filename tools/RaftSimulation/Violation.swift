package import SimulatedRaft

/// What a run has shown that must not be.
package typealias Violation = RaftViolation
