import EngineRuntime
import ExecutionModel
import Glibc
import Indelible
import IndelibleTesting
import LogStorage

/// What goes wrong, and what is checked when it has.
extension Simulation {
    mutating func trouble() {
        if life.hasFailed, Bool.random(using: &random) { return endLife() }
        let nth = Int.random(in: 1...12, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<35: endLife()
        case 35..<50:
            trace.say("the \(nth)-th call of the disk fails, and all after it; then the machine is lost")
            fail(nth, .any, EIO, persists: true)
            crashIsDue = true
        case 50..<58:
            trace.say("the \(nth)-th sync fails")
            fail(nth, .sync, EIO)
        case 58..<66:
            trace.say("the \(nth)-th write fails")
            fail(nth, .write, EIO)
        case 66..<70:
            trace.say("the \(nth)-th read fails")
            fail(nth, .read, EIO)
        case 70..<78: lie(nth)
        case 78..<90: fillDisk()
        default:
            trace.say("all is well with the disk")
            life.disk.stopFailing()
            life.disk.capacity = .max
        }
    }

    private mutating func fail(_ nth: Int, _ calls: DiskOperation.Class, _ code: Int32, persists: Bool = false) {
        isFaulty = true
        life.disk.fail(nth: nth, of: calls, code: code, persists: persists)
    }

    /// A sync lies, once or from then on, and a later one may say so.
    private mutating func lie(_ nth: Int) {
        let persists = Bool.random(using: &random)
        life.disk.lie(nth: nth, persists: persists)
        let failure = Bool.random(using: &random) ? nth + Int.random(in: 1...4, using: &random) : nil
        trace.say(
            "the \(nth)-th sync lies\(persists ? ", and all after it" : "")\(failure.map { ", the \($0)-th fails" } ?? "")"
        )
        if let failure { fail(failure, .sync, EIO) }
    }

    private mutating func fillDisk() {
        let room = Int.random(in: 0...40_000, using: &random)
        isFaulty = true
        life.fillDisk(leaving: room)
        trace.say("the disk has room for \(room) bytes")
    }

    /// The process is told to close, is killed, or the machine loses its power.
    private mutating func endLife() {
        guard life.phase == .open, Int.random(in: 0..<4, using: &random) == 0 else { return crash() }
        let grace = Bool.random(using: &random) ? Duration.zero : .seconds(60)
        trace.say("close within \(grace)")
        life.close(grace: grace)
    }

    mutating func crash() {
        if Int.random(in: 0..<3, using: &random) == 0 {
            trace.say("the process is killed")
            counts.kills += 1
            takeOver(life.disk.afterProcessKill(), losesPower: false)
        } else {
            losePower()
        }
    }

    mutating func losePower() {
        trace.say("the power is lost")
        counts.powerLosses += 1
        takeOver(life.disk.crashed(seed: random.next()), losesPower: true)
    }

    /// Opens the same disk again, in the same process.
    mutating func reopen(_ why: String) {
        trace.say("open again: \(why)")
        takeOver(nil, losesPower: false)
    }

    mutating func refused(_ code: DurableEngineError.Code, _ reason: String) {
        trace.say("refused: \(code) \(reason)")
        counts.refusals += 1
        switch code {
        case .damaged where isLossy:
            counts.damaged += 1
            hasFoundDamage = true
        case .logFailed where isFaulty, .noRoom where isFaulty, .closed where isFaulty:
            life.disk.stopFailing()
            life.disk.capacity = .max
            if Bool.random(using: &random) { crash() } else { reopen("refused") }
        default:
            promises.breaks("the log cannot be opened (\(code)): \(reason)")
        }
    }

    /// Goes on with another life.
    ///
    /// - Parameter disk: What the crash left; nil: this life's, which is closed first.
    private mutating func takeOver(_ disk: SimulatedDisk?, losesPower: Bool) {
        let written = WrittenLog(life.disk)
        let durable = life.runtime?.durableLSN ?? .first
        let facts = promises.facts
        // A machine that comes back may have another time.
        let shift = losesPower && Int.random(in: 0..<4, using: &random) == 0
        let now = life.clock.now().adding(
            Milliseconds(shift ? Int64.random(in: -600_000...600_000, using: &random) : 0))
        let hasLied = life.disk.hasLied
        let hasFailedSync = life.disk.operations.contains {
            $0.failed && DiskOperation.Class.sync.contains($0.operation)
        }
        isLossy = isLossy || hasLied
        if !life.windDown() { promises.breaks("an engine that was lost does not close") }
        let next = disk ?? life.disk
        tampering?(next)
        let found = WrittenLog(next)
        counts.records = max(counts.records, found.count)
        if let damage = written.damage { trace.say("not all that was written can be read: \(damage)") }
        if let damage = found.damage { trace.say("not all that is left can be read: \(damage)") }
        // A lie may lose what was durable, a kill nothing.
        let end = !losesPower ? written.nextLSN : isLossy ? .first : durable
        if disk != nil, let wrong = written.violation(of: found, through: end), !isLossy || found.damage == nil {
            promises.breaks("after a crash \(wrong)")
        }
        // When relaxed, what was acknowledged was written: a sync that fails may drop it, as the loss of power does.
        let mayForget = hasLied || (!isDurable && (losesPower || hasFailedSync))
        if mayForget { promises.forget() }
        damageCache(next)
        crashIsDue = false
        isFaulty = next.capacity < .max
        counts.openings += 1
        life = Life(
            number: life.number + 1, disk: next, now: now, seed: random.next(), promises: promises, trace: trace,
            mayBeDamaged: isLossy)
        begin(life, against: mayForget ? Promises.Facts() : facts)
    }
}
