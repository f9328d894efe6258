import time, statistics
import pytest
from sqlalchemy import text
pytestmark = pytest.mark.usefixtures("registration_database")
def test_speed():
    from services.registration.resources import database
    from services.registration import libraries, merging, people, training
    from deskwork import KEPRI, NATIONAL
    from shared import regions
    from shared.names import plain_name
    from uuid_utils.compat import uuid7
    rows=[]
    def walk(c):
        for r in regions.children(c):
            if r.level==4:
                for k in ("Perpustakaan Desa","TBM"):
                    if len(rows)<100000:
                        n=f"{k} {r.name}"; rows.append({"id":uuid7(),"name":n,"name_key":plain_name(n),"kind":"village","region_code":r.code})
            else: walk(r.code)
    walk(None)
    # the two namesakes of a region
    with database.sessions.begin() as s:
        for i in range(0,len(rows),5000):
            s.execute(text("INSERT INTO library (id,name,name_key,kind,region_code) VALUES (:id,:name,:name_key,:kind,:region_code) ON CONFLICT DO NOTHING"),rows[i:i+5000])
    with database.autocommit() as c: c.execute(text("ANALYZE library"))
    def clock(label,f,n=15):
        ts=[]
        for _ in range(n):
            t=time.perf_counter(); 
            with database.sessions.begin() as s: out=f(s)
            ts.append((time.perf_counter()-t)*1000)
        print(label, f"median {statistics.median(ts):.1f} max {max(ts):.1f} ms", len(out) if hasattr(out,'__len__') else out)
    with database.sessions.begin() as s: print(s.execute(text("select count(*) from library")).scalar())
    for q,r in [("perpus",""),("malang rapat",""),("zzz",""),("perpus su","21"),("malang rapat","21"),("zz","32")]:
        clock(f"suggest {q!r} {r!r}", lambda s: libraries.suggest(s,q,r,20))
    clock("page", lambda s: libraries.page(s,NATIONAL,libraries.Sought("malang rapat"))[0])
    clock("page kepri", lambda s: libraries.page(s,KEPRI,libraries.Sought("malang"))[0])
    clock("candidates", lambda s: merging.candidates(s,NATIONAL,"library"),4)
    clock("keep", lambda s: training.keep(s),4)
