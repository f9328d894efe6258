"""Token buckets in Redis: how fast something may go on, over all processes together.

`shared.limits` refuses people who ask too often; a bucket only says how long to wait. Without Redis
nothing waits: whoever is sent too much says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger()

SOCKET_S = 0.25  # a Redis that takes longer for one answer counts as away

# All buckets give a token, or none does: a message that one of them holds back costs the others
# nothing. Times are those of the Redis server, which is one clock for all.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local wait, by, levels = 0, 0, {}
for i, key in ipairs(KEYS) do
    local rate, size, spare = tonumber(ARGV[3*i-2]), tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
    local state = redis.call('HMGET', key, 'level', 'at')
    local level = tonumber(state[1] or size) + (now - tonumber(state[2] or now)) * rate
    levels[i] = math.min(level, size)
    local missing = (1 + spare - levels[i]) / rate
    if missing > wait then wait, by = missing, i end
end
if by > 0 then return {tostring(wait), by} end
for i, key in ipairs(KEYS) do
    local rate, size = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
    redis.call('HSET', key, 'level', tostring(levels[i] - 1), 'at', tostring(now))
    redis.call('PEXPIRE', key, math.ceil(size / rate * 1000) + 1000)
end
return {'0', 0}
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`rate` tokens a second run into it, up to `size`; nobody can be told from its `key`.

    Whoever takes from it leaves `spare` tokens to those in a greater hurry.
    """

    key: str
    rate: float
    size: float = 1.0
    spare: float = 0.0


@dataclass(frozen=True, slots=True)
class Wait:
    """There was no token: `bucket` has one again in so many seconds."""

    seconds: float
    bucket: Bucket


class TokenBuckets:
    """The buckets of one service. `redis_url` is asked on first use."""

    def __init__(self, service: str, redis_url: Callable[[], str]) -> None:
        self._service = service
        self._url = redis_url

    def take(self, wanted: Sequence[Sequence[Bucket]]) -> list[Wait | None]:
        """For each: None when all its buckets gave a token, else what it has to wait for longest.

        In the order given; one that has to wait takes nothing.
        """
        pipeline = self._client.pipeline(transaction=False)
        for buckets in wanted:
            keys = [f"{self._service}.bucket.{bucket.key}" for bucket in buckets]
            numbers = [n for bucket in buckets for n in (bucket.rate, bucket.size, bucket.spare)]
            self._script(keys, numbers, client=pipeline)
        try:
            answers = pipeline.execute()
        except (redis.RedisError, OSError) as error:
            log.warning("buckets.unchecked", error=str(error))
            return [None] * len(wanted)
        return [
            Wait(float(seconds), buckets[place - 1]) if place else None
            for buckets, (seconds, place) in zip(wanted, answers, strict=True)
        ]

    @cached_property
    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(
            self._url(),
            socket_timeout=SOCKET_S,
            socket_connect_timeout=SOCKET_S,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
        )

    @cached_property
    def _script(self) -> "redis.commands.core.Script":
        return self._client.register_script(_TAKE)
