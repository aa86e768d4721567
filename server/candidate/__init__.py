"""The candidate's door: invitation, consent, the interview page, WHIP, answers, pause, feedback."""
